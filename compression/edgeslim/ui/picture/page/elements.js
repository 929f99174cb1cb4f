// Small things to build the page from.

/** An element with properties, attributes (dashed names and `role`) and children. */
function element(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

/** A picture that is fetched once; `done` when it is there, or cannot be had. */
function loaded(url, done) {
  const image = new Image();
  image.addEventListener("load", done);
  image.addEventListener("error", done);
  image.src = new URL(url, location.origin);
  return image;
}

function swatch(state) {
  const { color, sign, width, dash } = STYLES[state];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const given = { d: "M3 10h26", stroke: color, "stroke-width": width, "stroke-dasharray": dash.join(" ") };
  for (const [name, value] of Object.entries(given)) line.setAttribute(name, value);
  svg.setAttribute("viewBox", "0 0 32 20");
  svg.append(line);
  return element("span", { className: "swatch", "aria-hidden": "true" }, svg, sign);
}
