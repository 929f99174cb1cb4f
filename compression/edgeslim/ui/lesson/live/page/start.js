// Streamlit calls this again for new data or for another theme, and only the last return value at the end.

const KINDS = { Threshold: PruningPicture, Quantize: QuantizePicture, Entropy: EntropyPicture, LowRank: LowRankPicture, Softening: SofteningPicture, Activation: ActivationPicture };
const shown = new WeakMap(); // by the element that Streamlit keeps

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".live");
  let picture = shown.get(parentElement);
  if (picture?.root !== root || picture.version !== data.version) {
    picture = new KINDS[data.view.type](root, data);
    picture.version = data.version;
    shown.set(parentElement, picture);
  }
  picture.draw();
  return () => shown.delete(parentElement);
}

export { FUNCTIONS, binOf, chance, entropy, goes, grid, histogram, quantized, rebuilt, rint, softmax, sparseBits, svd, unpack, zerosByPosition };
