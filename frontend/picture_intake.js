// The ways a picture gets onto the page: chosen, dropped anywhere, or pasted. What becomes of it is for others to say.

const file_box = document.getElementById("picture_file");
const drop_target = document.getElementById("drop_target");

/** Calls `take(files)` with what is chosen, dropped or pasted. */
export function listen_for_pictures(take) {
  document.getElementById("choose_picture").addEventListener("click", () => file_box.click());
  file_box.addEventListener("change", () => {
    take([...file_box.files]);
    file_box.value = ""; // else choosing the same file again would be no change
  });
  listen_for_drops(take);
  document.addEventListener("paste", (event) => {
    const { files } = event.clipboardData;
    // What is copied from a text program comes as words and as their picture; the words are meant.
    if (!files.length || event.clipboardData.getData("text/plain")) return;
    event.preventDefault();
    take([...files]);
  });
}

function listen_for_drops(take) {
  const on = (name, listener) => document.addEventListener(name, (event) => event.dataTransfer?.types.includes("Files") && listener(event));
  on("dragover", (event) => {
    event.preventDefault(); // else the browser would leave the page and open the file
    event.dataTransfer.dropEffect = "copy";
    show_target(true);
  });
  // Without a next element, the pointer has left the page.
  on("dragleave", (event) => event.relatedTarget || show_target(false));
  on("drop", (event) => {
    event.preventDefault();
    show_target(false);
    take([...event.dataTransfer.files]);
  });
}

// A popover, so that it also lies above the open viewer.
function show_target(shown) {
  if (drop_target.matches(":popover-open") !== shown) drop_target.togglePopover(shown);
}
