// Elements of the page, found, made, and copied from templates; events; idle moments.

export const by_id = (id) => document.getElementById(id);

export const copy_template = (id) => by_id(id).content.cloneNode(true).firstElementChild;

export function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Returns whether a key or a click means something to the browser itself. */
export const is_modified = ({ ctrlKey, metaKey, altKey, shiftKey, type }) => ctrlKey || metaKey || altKey || (shiftKey && type === "click");

export const when_idle = window.requestIdleCallback ?? setTimeout;
