// The moment in which Python can be reached again, told to whatever could not be fetched before.
import type { Disposer } from "./dom";

const EVENT = "emocam:live";

/** Of one widget; all on the page hear it, as they mostly have the same kernel. */
export const tellLive = (): boolean => window.dispatchEvent(new Event(EVENT));

export function onLive(disposer: Disposer, callback: () => void): void {
  disposer.listen(window, EVENT, callback);
}
