// What all parts of the page share.

import { EMPTY } from "./state.js";
import { me } from "./api.js";

const ORDER = "callpark-order";

export const app = {
  state: EMPTY,
  // What is to be added to this device's clock to have the server's, in ms.
  offset: 0,
  // The orbits of each lot, as the server lists them.
  orbits: new Map(),
  // Users to whom a call can be handed.
  people: [],
  // Calls that had ended before the page was opened, as happenings.
  earlier: [],
  filter: "",
  order: localStorage.getItem(ORDER) || "place",
  // The call whose card is in the order of the Tab key.
  current: null,
  // Calls whose second row of buttons is open, and calls for which the server is being asked.
  open: new Set(),
  asking: new Set(),
  wall: false,
  // Draws again, soon.
  render: () => {},
};

export const now = () => Date.now() + app.offset;

export const reorder = (order) => {
  app.order = order;
  localStorage.setItem(ORDER, order);
  app.render();
};

/** Whether the viewer may do that in the lot, as far as the server has said. */
export const may = (what, lot) => {
  const known = app.state.lots.get(lot);
  return Boolean(me && me.scope !== "read" && known && (known.may || []).includes(what));
};

/** Whether the viewer has parked the call, or it is for the viewer. */
export const mine = (call) => Boolean(me && me.user && (call.parker === me.user || call.for === me.user));

export const domain = () => (me && me.domain) || "";
