// How a new call is noticed when nobody looks: a tone and the title, once the user has allowed it; and the number on the app's icon.

import { app } from "./app.js";
import { t } from "./words.js";

const KEPT = "callpark-sound";

let audio = null;

export const sounding = () => localStorage.getItem(KEPT) === "on";

/** Turns tones and the title on or off. Called by a click, without which a browser plays nothing. */
export const turn = (on) => {
  localStorage.setItem(KEPT, on ? "on" : "off");
  if (on) tone();
  titled();
};

/** Two short notes. */
const tone = async () => {
  audio = audio || new AudioContext();
  if (audio.state === "suspended") await audio.resume().catch(() => null);
  [[0, 660], [0.16, 880]].forEach(([after, pitch]) => {
    const [note, volume] = [audio.createOscillator(), audio.createGain()];
    const start = audio.currentTime + after;
    note.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.2, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
    note.connect(volume).connect(audio.destination);
    note.start(start);
    note.stop(start + 0.32);
  });
};

/** A call has just been parked. */
export const alerted = () => {
  if (sounding()) tone();
};

/** The title of the page, and the badge of the app. */
export const titled = () => {
  const count = app.state.calls.size;
  document.title = sounding() && count ? `(${count}) ${t("login_title")}` : t("login_title");
  if (navigator.setAppBadge) (count ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => null);
};

// A tone that was allowed in an earlier visit needs a touch of the page in this one.
document.addEventListener("pointerdown", () => {
  if (sounding() && !audio) audio = new AudioContext();
}, { once: true });
