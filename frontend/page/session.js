// The button that logs out, shown where the server asks for an access token.

import { log_out } from "./api.js";

/** Shows the button if there is a login, as the server says of itself (`read_readiness`). */
export function offer_log_out({ login }) {
  document.getElementById("session").hidden = login !== true;
}

document.getElementById("log_out").addEventListener("click", log_out);
