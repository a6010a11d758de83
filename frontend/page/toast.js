// Short messages: toasts that stay until dismissed, and announcements for screen readers only.

const toasts = document.getElementById("toasts");
const template = document.getElementById("toast_template");
const announcer = document.getElementById("announcer");

/** Shows a message in place of the last one, with `retry` and a button for it. A failure interrupts a screen reader. */
export function show_toast({ title, message, retry, failure = true }) {
  const toast = template.content.firstElementChild.cloneNode(true);
  if (failure) toast.role = "alert";
  toast.querySelector(".title").textContent = title;
  toast.querySelector(".message").textContent = message;
  toast.querySelector(".dismiss").addEventListener("click", clear_toast);
  const again = toast.querySelector(".again");
  again.hidden = !retry;
  again.addEventListener("click", () => {
    clear_toast();
    retry();
  });
  place_toasts();
  toasts.replaceChildren(toast);
}

/** Shows what could not be fetched, why, and a button that tries again. */
export function show_request_failure(title, { title: reason, message }, retry) {
  show_toast({ title, message: `${reason}. ${message}`, retry });
}

export function clear_toast() {
  toasts.replaceChildren();
}

export function announce(text) {
  announcer.textContent = text;
}

// Elements outside an open modal dialog cannot be clicked, so toasts move into it.
function place_toasts() {
  const parent = document.querySelector("dialog[open]") ?? document.body;
  if (toasts.parentElement !== parent) parent.append(toasts);
}

document.addEventListener("close", place_toasts, { capture: true });
