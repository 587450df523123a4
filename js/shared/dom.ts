// Making elements, and remembering what has to be undone when a widget goes away.
import type { Cleanup, Model } from "./model";

type Child = Node | string | number | null | undefined | false;
type Attributes = Record<string, unknown>;

function fill(element: Element, attributes: Attributes, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "style" && typeof value === "object") {
      for (const [key, entry] of Object.entries(value as Record<string, string>)) {
        if (key.startsWith("--")) (element as HTMLElement).style.setProperty(key, entry);
        else (element as HTMLElement).style[key as "color"] = entry;
      }
    } else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false) element.append(typeof child === "object" ? child : String(child));
}

/** An HTML element: `h("button", {class: "ec-button", "data-testid": "go"}, "Go")`. Listeners are added with a Disposer. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

/** Sets the text of an element that is told again and again what it says already: the same text lays out nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The same for being hidden: setting it to what it is would still cost a look at the styles. */
export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** As `h`, for SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(element, attributes, children);
  return element;
}

/** Everything a widget has to undo: listeners, observers, timers, children. `dispose()` runs it in reverse, once. */
export class Disposer {
  private undo: Cleanup[] = [];
  disposed = false;

  add(cleanup: Cleanup): void {
    if (this.disposed) cleanup();
    else this.undo.push(cleanup);
  }

  listen<E extends Event = Event>(
    target: EventTarget,
    type: string,
    listener: (event: E) => void,
    options?: AddEventListenerOptions,
  ): void {
    target.addEventListener(type, listener as EventListener, options);
    this.add(() => target.removeEventListener(type, listener as EventListener, options));
  }

  /** Calls `callback` whenever one of the traits changes (not at once). */
  watch(model: Model, traits: string | string[], callback: () => void): void {
    for (const trait of typeof traits === "string" ? [traits] : traits) this.on(model, `change:${trait}`, callback);
  }

  on(model: Model, event: string, callback: (...args: never[]) => void): void {
    model.on(event, callback);
    this.add(() => model.off(event, callback));
  }

  /** Calls `callback` with the content size of `element` now and whenever it changes, at most once a frame. */
  resize(element: Element, callback: (width: number, height: number) => void): void {
    let frame = 0;
    const observer = new ResizeObserver((entries) => {
      const { width, height } = entries[entries.length - 1].contentRect;
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => callback(width, height));
    });
    observer.observe(element);
    this.add(() => {
      observer.disconnect();
      cancelAnimationFrame(frame);
    });
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const cleanup of this.undo.splice(0).reverse()) cleanup();
  }
}

/** Whether the host shows this element in a dark theme. */
export function isDark(element: Element): boolean {
  const light = document.body.dataset.jpThemeLight;
  if (light !== undefined) return light === "false";
  const scheme = getComputedStyle(element).colorScheme;
  if (scheme === "dark" || scheme === "light") return scheme === "dark";
  return window.matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Calls `callback` when the host changes between light and dark. */
export function onThemeChange(disposer: Disposer, callback: () => void): void {
  const observer = new MutationObserver(callback);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
  disposer.add(() => observer.disconnect());
  disposer.listen(window.matchMedia("(prefers-color-scheme: dark)"), "change", callback);
}

/** Calls `callback` when the window comes to a finer or coarser screen: no size in CSS pixels tells of that. */
export function watchScreen(callback: () => void): Cleanup {
  let query: MediaQueryList | null = null;
  const watch = (): void => {
    query = window.matchMedia(`(resolution: ${window.devicePixelRatio || 1}dppx)`);
    query.addEventListener("change", changed);
  };
  const stop = (): void => query?.removeEventListener("change", changed);
  const changed = (): void => {
    stop();
    watch();
    callback();
  };
  watch();
  return stop;
}

export const reducedMotion = (): boolean => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** "36 of 108", "33 %", "0.31": one way to write numbers everywhere. */
export const percent = (fraction: number, digits = 0): string => `${(100 * fraction).toFixed(digits)} %`;
