// Short messages.

import { by_id, copy_template } from "./elements.js";

const toasts = by_id("toasts");

/** Shows a message until it is dismissed, and a button for `act`. A failure interrupts a screen reader. */
export function show_toast({ title, message, act, name = "Try again", failure = true }) {
  const toast = copy_template("toast_template");
  const part = (selector) => toast.querySelector(selector);
  if (failure) toast.role = "alert";
  part(".title").textContent = title;
  part(".message").textContent = message;
  part(".dismiss").onclick = clear_toast;
  part(".act").hidden = !act;
  part(".act").textContent = name;
  part(".act").onclick = () => (clear_toast(), act());
  place_toasts();
  toasts.replaceChildren(toast);
}

export function show_request_failure(title, failure, act) {
  show_toast({ title, message: `${failure.title}. ${failure.message}`, act });
}

export function clear_toast() {
  toasts.replaceChildren();
}

export function announce(text) {
  by_id("announcer").textContent = text;
}

// Elements outside an open modal dialog cannot be clicked, so toasts move into it.
function place_toasts() {
  const parent = document.querySelector("dialog[open]") ?? document.body;
  if (toasts.parentElement !== parent) parent.append(toasts);
}

document.addEventListener("close", place_toasts, { capture: true });
