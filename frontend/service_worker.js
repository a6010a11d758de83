// Keeps the page's own files: never a picture, an answer or the login.

const VERSION = ""; // filled in by runtime/web/routes/service_worker.py
const page = new URL("./", location);
const names = `lookwhy ${page.pathname} `;
const kept = names + VERSION;

async function keep() {
	const options = { cache: "no-cache", redirect: "error" }; // not the login
	const html = await (await fetch(page, options)).text();
	const files = new Set([...html.matchAll(/(?:href|src)="(static\/[^"]+)"/g)].map(([, file]) => file));
	const cache = await caches.open(kept);
	await cache.addAll(["", ...files].map((file) => new Request(new URL(file, page), options)));
}

async function begin() {
	// Else the login does not know links from other sites.
	await registration.navigationPreload?.enable();
	const others = (await caches.keys()).filter((name) => name.startsWith(names) && name !== kept);
	await Promise.all(others.map((name) => caches.delete(name)));
}

async function answer(event, file) {
	const find = () => caches.match(new URL(file, page), { cacheName: kept, ignoreVary: true });
	const ask = async () => (await event.preloadResponse) ?? fetch(event.request);
	const response = await ask().catch(() => Response.error()); // as Firefox's preload
	if (!file && response.ok && !(await find())) event.waitUntil(keep()); // after a logout
	return ((response.type === "error" || response.status >= 500) && (await find())) || response;
}

addEventListener("install", (event) => event.waitUntil(keep().then(skipWaiting)));
addEventListener("activate", (event) => event.waitUntil(begin()));
addEventListener("fetch", (event) => {
	const { method, url } = event.request;
	const file = url.startsWith(page.href) ? url.slice(page.href.length).replace(/[?#].*/, "") : null;
	if (method === "POST" && file === "logout") event.waitUntil(caches.delete(kept));
	if (method === "GET" && (file === "" || file?.startsWith("static/"))) event.respondWith(answer(event, file));
});
