// A button that saves the numbers behind what is shown: Python answers "table" with a CSV and its name.
import { type Disposer, h } from "./dom";
import { saveFile } from "./menu";
import type { Rpc } from "./rpc";

export function tableButton(rpc: Rpc, title: string, disposer: Disposer): HTMLButtonElement {
  const button = h("button", { class: "ec-button", type: "button", title, "data-testid": "table-csv" }, "CSV");
  disposer.listen(button, "click", () => {
    void rpc
      .request<{ name: string }>("table")
      .then(({ content, buffers }) => saveFile(content.name, buffers[0], "text/csv"))
      .catch(() => undefined); // shown under the widget
  });
  return button;
}
