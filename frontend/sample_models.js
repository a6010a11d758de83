// The line that says that the sample models answer, so that nobody takes them for models of photos.

import { has_sample_models } from "./api.js";

export async function note_sample_models() {
  document.getElementById("sample_models").hidden = !(await has_sample_models());
}
