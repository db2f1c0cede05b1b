// Shows how long something lasts: <p data-expires-at="ISO"><span data-left></span></p>
// The visible figure changes each second; the spoken one only at a few moments.

const SPOKEN_AT = new Set([300, 120, 60, 30]);
const SOON = 120;

function clockText(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function end(box) {
  const expired = document.querySelector(box.dataset.expiredTarget || "[data-expired]");
  box.hidden = true;
  if (expired) expired.hidden = false;
  for (const button of document.querySelectorAll("[data-until-expiry]")) button.disabled = true;
}

function run(box) {
  const left = box.querySelector("[data-left]");
  const spoken = box.querySelector("[data-spoken]");
  // The server's clock decides; data-now tells how far this machine's clock is from it.
  const skew = box.dataset.now ? Date.parse(box.dataset.now) - Date.now() : 0;
  const until = Date.parse(box.dataset.expiresAt);
  if (Number.isNaN(until) || !left) return;
  const tick = () => {
    const seconds = Math.max(0, Math.round((until - Date.now() - skew) / 1000));
    left.textContent = clockText(seconds);
    box.classList.toggle("soon", seconds <= SOON);
    if (spoken && SPOKEN_AT.has(seconds)) spoken.textContent = `${box.dataset.spokenLabel} ${clockText(seconds)}`;
    if (seconds > 0) return;
    clearInterval(timer);
    end(box);
  };
  const timer = setInterval(tick, 1000);
  box.querySelector("[data-live]")?.removeAttribute("hidden");
  tick();
}

export function start(root) {
  for (const box of root.querySelectorAll("[data-expires-at]")) run(box);
}
