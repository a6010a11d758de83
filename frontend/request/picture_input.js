// The ways to give the page a picture: choose it, drop it anywhere, or paste it. `app.js` searches with it.

const file_box = document.getElementById("picture_file");
const drop_target = document.getElementById("drop_target");

/** Calls `take(files)` with the files that are chosen, dropped or pasted. */
export function listen_for_pictures(take) {
  document.getElementById("choose_picture").addEventListener("click", () => file_box.click());
  file_box.addEventListener("change", () => {
    take([...file_box.files]);
    file_box.value = ""; // else choosing the same file again would not be a change event
  });
  listen_for_drops(take);
  document.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    // Text copied from a text program comes with a picture of it; the text is what the user means to paste.
    if (!files.length || event.clipboardData.getData("text/plain")) return;
    event.preventDefault();
    take([...files]);
  });
}

function listen_for_drops(take) {
  const on = (name, listener) => document.addEventListener(name, (event) => event.dataTransfer?.types.includes("Files") && listener(event));
  on("dragover", (event) => {
    event.preventDefault(); // else the browser would open the file in place of the page
    event.dataTransfer.dropEffect = "copy";
    show_target(true);
  });
  // Without a related target, the pointer has left the page.
  on("dragleave", (event) => event.relatedTarget || show_target(false));
  on("drop", (event) => {
    event.preventDefault();
    show_target(false);
    take([...event.dataTransfer.files]);
  });
}

// A popover, so that it also appears above the open viewer.
function show_target(shown) {
  if (drop_target.matches(":popover-open") !== shown) drop_target.togglePopover(shown);
}
