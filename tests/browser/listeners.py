"""Counts what the widgets of a page listen to and watch, so that a test can see whether closing one leaves anything."""

from __future__ import annotations

from playwright.sync_api import Page

# Everything that code from a blob (as anywidget loads a widget's module) adds and has not removed. A listener on an
# element that has left the page, or that was never in it, goes with its element.
_COUNT = """
(() => {
  const mine = () => /blob:/.test(new Error().stack);
  const held = new Set(), same = (a) => JSON.stringify([a[0], a[1] && (a[1].capture ?? a[1])  ? 1 : 0]);
  const {addEventListener, removeEventListener} = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    if (listener && mine()) held.add({kind: 'listener', target: this, type, listener, key: same([type, options])});
    return addEventListener.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    for (const each of held) {
      if (each.target === this && each.listener === listener && each.key === same([type, options])) held.delete(each);
    }
    return removeEventListener.call(this, type, listener, options);
  };
  for (const name of ['ResizeObserver', 'MutationObserver', 'IntersectionObserver']) {
    const Plain = window[name];
    window[name] = class extends Plain {
      observe(target, options) {
        if (mine()) held.add({kind: name, target, observer: this});
        return super.observe(target, options);
      }
      disconnect() {
        for (const each of held) if (each.observer === this) held.delete(each);
        return super.disconnect();
      }
    };
  }
  const {setInterval, clearInterval} = window;
  window.setInterval = (...of) => {
    const id = setInterval(...of);
    if (mine()) held.add({kind: 'interval', id});
    return id;
  };
  window.clearInterval = (id) => {
    for (const each of held) if (each.id === id) held.delete(each);
    clearInterval(id);
  };
  window.emocamHeld = () => [...held]
    .filter(({target}) => !(target instanceof Node) || target === document || target.isConnected)
    .map(({kind, type, target}) => `${kind} ${type ?? ''} on ${target?.constructor?.name ?? ''}`.trim());
})();
"""


def count_from_now_on(page: Page) -> None:
    """To be called once, before any widget is shown."""
    page.evaluate(_COUNT)


def held(page: Page) -> list[str]:
    """What is listened to and watched now, in words, sorted."""
    found: list[str] = page.evaluate("() => window.emocamHeld()")
    return sorted(found)


# The widgets' own models (Backbone's) keep what listens to them; JupyterLab's renderer knows their manager.
# What ipywidgets itself adds with each view and never takes away (WidgetView.handle_message) is not ours.
_HEARD = """async () => {
  const {rendermime} = window.jupyterapp.shell.currentWidget.content;
  const renderer = rendermime.createRenderer('application/vnd.jupyter.widget-view+json');
  const manager = await renderer._manager.promise, found = {};
  renderer.dispose();
  for (const promise of Object.values(manager._models)) {
    const model = await promise;
    if (model.get('_anywidget_id') === undefined) continue;
    for (const [event, heard] of Object.entries(model._events ?? {})) {
      const ours = heard.filter(({callback}) => callback.name !== 'bound handle_message');
      found[event] = (found[event] ?? 0) + ours.length;
    }
  }
  return found;
}"""


def heard(page: Page) -> dict[str, int]:
    """How many listeners the models of this package's widgets have (`model.on`), by event."""
    found: dict[str, int] = page.evaluate(_HEARD)
    return found
