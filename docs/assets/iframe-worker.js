// Search without a server: a page that was opened from a folder (file:) may not start the worker in which the theme
// searches. Here the same script runs in a hidden frame and is talked to in the same way.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      const home = new URL(address, location.href);
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "Search";
      document.head.appendChild(frame);
      const inside = frame.contentWindow;
      const script = (source) =>
        new Promise((done, failed) => {
          const element = inside.document.createElement("script");
          element.src = new URL(source, home).href;
          element.onload = done;
          element.onerror = failed;
          inside.document.head.appendChild(element);
        });
      inside.importScripts = (...sources) => sources.reduce((before, source) => before.then(() => script(source)), Promise.resolve());
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.ready = script(home).then(() => inside);
    }
    postMessage(data) {
      this.ready.then((inside) => inside.dispatchEvent(new MessageEvent("message", { data })));
    }
    terminate() {}
  };
}
