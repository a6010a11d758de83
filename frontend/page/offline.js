// What a page does about the network: it has its own files kept, and tries again what failed once there is a network.

// Needs HTTPS, or a server on this machine; without it, the page only does not open where there is no network.
navigator.serviceWorker?.register(new URL("service_worker.js", document.baseURI)).catch(() => {});

addEventListener("online", () => {
  for (const retry of document.querySelectorAll("#retry, .toast .again")) if (retry.checkVisibility()) retry.click();
});
