/* Offers to scan a code where the browser can read one; a code may hold an address of this page, or the bare number. */
(() => {
  const button = document.getElementById("scan");
  if (!button || !("BarcodeDetector" in window) || !navigator.mediaDevices) return;
  button.hidden = false;
  const camera = document.getElementById("camera");
  const said = document.getElementById("scan-said");
  const WAIT_MS = 30000;
  button.addEventListener("click", async () => {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      camera.hidden = false;
      camera.srcObject = stream;
      await camera.play();
      const reader = new BarcodeDetector({ formats: ["qr_code"] });
      const until = Date.now() + WAIT_MS;
      while (Date.now() < until) {
        const [found] = await reader.detect(camera);
        if (found) {
          let code = found.rawValue;
          try { code = new URL(code).searchParams.get("code") || code; } catch { /* a bare number */ }
          document.getElementById("code").value = code;
          button.form.requestSubmit();
          return;
        }
        await new Promise((done) => requestAnimationFrame(done));
      }
      said.textContent = button.dataset.no;
    } catch {
      said.textContent = button.dataset.no;
    } finally {
      stream?.getTracks().forEach((track) => track.stop());
      camera.hidden = true;
    }
  });
})();
