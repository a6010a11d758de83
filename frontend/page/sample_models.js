// The line that says that the sample models answer, so that nobody takes them for models of photos.

const banner = document.getElementById("sample_models");

/** Shows the line if that is what the server says of itself (`read_readiness`), until it is dismissed in this tab. */
export function note_sample_models({ sample_models }) {
  banner.hidden = sample_models !== true || "sample_models_dismissed" in sessionStorage;
}

banner.querySelector("button").addEventListener("click", () => {
  banner.hidden = true;
  sessionStorage.setItem("sample_models_dismissed", "");
});
