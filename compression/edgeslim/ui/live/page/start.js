// Streamlit calls this again for new data and for another theme, and only the last return value at the end.

const views = new WeakMap(); // by the element that Streamlit keeps

export default function (component) {
  const { parentElement } = component;
  const root = parentElement.querySelector(".live");
  let view = views.get(parentElement);
  if (view?.root !== root) {
    view?.close();
    view = new View(root);
    views.set(parentElement, view);
  }
  view.update(component);
  return () => view.close();
}
