// Elements. A text becomes a text node, whatever it contains: nothing in this folder parses HTML.

const fill = (node, attributes, children) => {
  for (const [name, value] of Object.entries(attributes || {})) set(node, name, value);
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
};

/** An element. A function among the attributes listens to the event of that name; `true`, `false` and `null` are as in `set`. */
export const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

/** The same for SVG. */
export const svg = (name, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

/** Sets an attribute, if it is not so already. `true` is present without a value; `false` and `null` are absent. */
export const set = (node, name, value) => {
  if (typeof value === "function") node.addEventListener(name, value);
  else if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else {
    const text = value === true ? "" : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
};

/** Sets the text, if it is another: a screen reader and a selection do not notice when nothing has changed. */
export const say = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

/** Shows or hides. */
export const show = (node, whether) => set(node, "hidden", !whether);

/**
 * Makes the children of `parent` those of `items`, in this order: `make` for a new key, `update` for all. A node stays the same for
 * its key, and the one that has the focus is not moved, because it would lose it; the others move around it.
 */
export const keyed = (parent, items, key, make, update) => {
  const old = parent.keyed || new Map();
  const now = new Map();
  for (const item of items) {
    const name = key(item);
    const node = old.get(name) || make(item);
    now.set(name, node);
    update(node, item);
  }
  for (const [name, node] of old) if (!now.has(name)) node.remove();
  parent.keyed = now;
  const nodes = [...now.values()];
  const fixed = nodes.findIndex((node) => node.contains(document.activeElement) && node.parentNode === parent);
  const place = (node, before) => {
    if (node.parentNode !== parent || node.nextSibling !== before) parent.insertBefore(node, before);
  };
  for (let n = fixed - 1; n >= 0; n--) place(nodes[n], nodes[n + 1]);
  let before = null;
  for (let n = nodes.length - 1; n > fixed; n--) {
    place(nodes[n], before);
    before = nodes[n];
  }
};
