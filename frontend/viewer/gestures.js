import { viewer_part as part } from "../page/elements.js";

const LARGEST = 8;
const TAPPED_TO = 2.5;
const TAP_MS = 350;
const TAP_PX = 24;
const SWIPE_PX = 50;
const MIDDLE = { x: 0, y: 0 };

export const gestures = {}; // the viewer's `zoomed` and `swiped`

const stage = part("picture");
const layers = part("layers");
const fingers = new Map(); // their points from the stage's middle
let view = { scale: 1, ...MIDDLE };
let start = null; // of the only finger
let tap = { at: 0 };

function place(scale, { x, y }) {
	view = { scale, x, y };
	layers.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
	stage.toggleAttribute("data-zoomed", scale > 1);
}

function zoom_to(wanted, at, by = MIDDLE) {
	const scale = limit(wanted, 1, LARGEST);
	const grown = scale / view.scale;
	const { naturalWidth, naturalHeight } = part("image");
	const { clientWidth, clientHeight } = stage;
	const fit = scale * Math.min(clientWidth / naturalWidth, clientHeight / naturalHeight) || 0;
	const kept = (axis, size, room) => {
		const most = Math.max(0, (size * fit - room) / 2);
		return limit(at[axis] - grown * (at[axis] - view[axis]) + by[axis], -most, most);
	};
	place(scale, { x: kept("x", naturalWidth, clientWidth), y: kept("y", naturalHeight, clientHeight) });
	if (grown !== 1) gestures.zoomed(scale);
}

export const zoom_by = (factor, at = MIDDLE) => zoom_to(view.scale * factor, at);
export const reset_zoom = () => (fingers.clear(), place(1, MIDDLE));

function point_of({ clientX, clientY }) {
	const { left, top, width, height } = stage.getBoundingClientRect();
	return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
}

stage.onpointerdown = (event) => {
	if (event.button || fingers.size > 1) return;
	stage.setPointerCapture(event.pointerId);
	start = fingers.size ? null : point_of(event);
	fingers.set(event.pointerId, point_of(event));
};

stage.onpointermove = (event) => {
	const from = fingers.get(event.pointerId);
	if (!from) return;
	const to = point_of(event);
	const other = [...fingers.values()].find((point) => point !== from);
	fingers.set(event.pointerId, to);
	const by = (share) => ({ x: (to.x - from.x) * share, y: (to.y - from.y) * share });
	if (other) {
		const middle = { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 };
		zoom_to((view.scale * distance(to, other)) / (distance(from, other) || 1), middle, by(0.5));
	} else if (view.scale > 1) zoom_to(view.scale, to, by(1));
	else if (start) place(1, { x: to.x - start.x, y: 0 });
};

stage.onpointerup = stage.onpointercancel = (event) => {
	const to = fingers.get(event.pointerId);
	if (!fingers.delete(event.pointerId) || fingers.size) return;
	const is_whole = view.scale === 1;
	if (is_whole) place(1, MIDDLE);
	if (!start || event.type === "pointercancel") return;
	const across = to.x - start.x;
	if (distance(to, start) < TAP_PX) tapped(to, event.timeStamp);
	else if (is_whole && Math.abs(across) > Math.max(SWIPE_PX, Math.abs(to.y - start.y))) gestures.swiped(-Math.sign(across));
};

function tapped(to, at) {
	const is_second = at - tap.at < TAP_MS && distance(to, tap) < TAP_PX;
	tap = { ...to, at: is_second ? 0 : at };
	if (is_second) zoom_to(view.scale > 1 ? 1 : TAPPED_TO, to);
}

stage.onwheel = (event) => {
	event.preventDefault();
	const pixels = event.deltaY * (event.deltaMode ? 16 : 1);
	zoom_by(Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.002)), point_of(event)); // ctrl: a touchpad's pinch
};

// One finger may scroll the page (touch-action in pictures.css), two may not.
stage.ontouchstart = (event) => {
	if (event.touches.length > 1) event.preventDefault();
};

const limit = (value, least, most) => Math.min(most, Math.max(least, value));
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
