// A live region that stays in its place while the page around it is drawn anew: a screen reader tells what changes in it.
export default function ({ data, parentElement }) {
  const place = parentElement.querySelector("[role=status]");
  if (place.textContent !== data.text) place.textContent = data.text;
}
