/** A component: what `made` makes of the element that the selector finds, for as long as Streamlit keeps it. Streamlit calls
 * it again for new data and for another theme, and only the last return value at the end. */
function mounted(selector, made) {
  const views = new WeakMap(); // by the element that Streamlit keeps
  return (component) => {
    const { parentElement } = component;
    const root = parentElement.querySelector(selector);
    let view = views.get(parentElement);
    if (view?.root !== root) {
      view?.close();
      view = made(root);
      views.set(parentElement, view);
    }
    view.update(component);
    return () => view.close();
  };
}
