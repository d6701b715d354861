/* Warns before a session ends, and keeps it when asked. Without this script the session simply ends at its time. */
(() => {
  const box = document.getElementById("session");
  if (!box) return;
  const WARN_S = 120;
  let ends = Number(box.dataset.ends);
  const left = () => Math.ceil(ends - (Date.now() + skew) / 1000);
  const skew = Number(box.dataset.now) * 1000 - Date.now();
  const look = () => {
    const seconds = left();
    if (seconds <= 0) { location.reload(); return; }
    box.hidden = seconds > WARN_S;
    setTimeout(look, Math.max(1, Math.min(seconds, seconds > WARN_S ? seconds - WARN_S : seconds)) * 1000);
  };
  box.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
    if (!answer.ok) { location.reload(); return; }
    ends = (await answer.json()).ends;
    box.hidden = true;
  });
  look();
})();
