(function () {
  // Runs in the page: puts the panel's frame below the figure, and hides the figure when the frame says that it lives.
  const frameOf = FRAME, name = NAME;
  const script = document.currentScript;
  const places = script && script.parentNode && script.parentNode.dataset && script.parentNode.dataset.panel === name
    ? [script.parentNode]
    : document.querySelectorAll(`[data-panel=${name}]`);
  for (const place of places) {
    if (place.querySelector("iframe")) continue;
    const frame = document.createElement("iframe");
    frame.title = frameOf.title;
    frame.style.cssText = "width: 100%; height: 0; border: 0; display: block; background: #fff";
    window.addEventListener("message", (event) => {
      if (event.source !== frame.contentWindow || !event.data || event.data.panel !== name) return;
      place.firstElementChild.style.display = "none";
      frame.style.height = `${Math.ceil(event.data.height)}px`;
    });
    frame.srcdoc = frameOf.text;
    place.append(frame);
  }
})();
