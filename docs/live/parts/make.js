// Elements and drawings, and whether it is night.
const SVG = "http://www.w3.org/2000/svg";

const put = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
export const make = (name, attributes = {}, ...children) => put(document.createElement(name), attributes, children);
export const sketch = (name, attributes = {}, ...children) => put(document.createElementNS(SVG, name), attributes, children);

export const isNight = () => document.body.getAttribute("data-md-color-scheme") === "slate";
export const onNight = (follow) =>
  new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
