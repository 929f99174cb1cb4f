// Predictions outlive a reload: the browser keeps them, for this reader alone.
const NAME = "edgeslim.predictions";

export default function ({ data, setStateValue, parentElement }) {
  try {
    if (data.forget) localStorage.removeItem(NAME);
    else if (data.keep) localStorage.setItem(NAME, data.keep);
    if (data.asks && !parentElement.told) {
      parentElement.told = true;
      setStateValue("found", localStorage.getItem(NAME) ?? "");
    }
  } catch {
    // storage is blocked: this tab remembers until it is closed
  }
}
