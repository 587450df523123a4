// Makes an anywidget module out of a mount function: the root element, the theme, the connection state.
import "./theme.css";
import "./highContrast.css";
import { watchConnection } from "./connection";
import { Disposer, h } from "./dom";
import type { Cleanup, Model, Mount } from "./model";

export interface AnyWidgetModule {
  render(view: { model: Model; el: HTMLElement }): Cleanup;
}

/** `export default widget(mount, "heatmap")` is all that an index.ts adds to its mount function. */
export function widget(mount: Mount, name: string): AnyWidgetModule {
  return {
    render({ model, el }) {
      const disposer = new Disposer();
      const root = h("div", { class: `ec ec-root ec-${name}-root`, "data-testid": `${name}-root` });
      el.append(root);
      disposer.add(() => root.remove());
      // The notebook's shortcuts (delete a cell, move to the next) must not act on keys meant for a widget; Ctrl+S and its like may.
      // JupyterLab looks for this mark on the element that has the focus, in the document's capture phase: the window's is before.
      disposer.listen<KeyboardEvent>(
        window,
        "keydown",
        (event) => {
          if (event.target instanceof Element && root.contains(event.target)) {
            event.target.toggleAttribute("data-lm-suppress-shortcuts", !(event.ctrlKey || event.metaKey));
          }
        },
        { capture: true },
      );
      const pane = h("div", { class: "ec-pane" });
      root.append(pane);
      let unmount = mount(model, pane, { embedded: false });
      disposer.add(() => unmount());
      disposer.watch(model, "run_revision", () => {
        unmount(); // what is shown is of the run as it was: it has grown
        unmount = mount(model, pane, { embedded: false });
      });
      watchConnection(model, root, disposer);
      return () => disposer.dispose();
    },
  };
}
