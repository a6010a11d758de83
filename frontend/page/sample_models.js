// The line that says that the sample models answer, so that nobody takes them for models of photos.

/** Shows the line if that is what the server says of itself (`read_readiness`). */
export function note_sample_models({ sample_models }) {
  document.getElementById("sample_models").hidden = sample_models !== true;
}
