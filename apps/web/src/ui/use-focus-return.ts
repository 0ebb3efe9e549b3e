import { useState } from "react";

/** Of an item of a menu, which goes with the menu: the button that opened it. */
function triggerOf(element: Element | null): Element | null {
  const id = element?.closest("[role=menu]")?.getAttribute("aria-labelledby");
  const trigger = id ? document.getElementById(id) : null;
  return trigger?.matches("button") ? trigger : element;
}

function createFocusReturn() {
  let opener: HTMLElement | undefined;
  let stopListening: () => void = () => undefined;
  const remember = (element: EventTarget | null) => {
    if (element instanceof HTMLElement && element !== document.body) opener = element;
  };
  return {
    onOpenAutoFocus: ({ currentTarget }: Event) => {
      const content = currentTarget as Element | null;
      opener = undefined;
      remember(triggerOf(document.activeElement));
      // The menu of a row gives the focus back to its button when the dialog is open already, which takes it again at once.
      const onFocusIn = ({ target }: FocusEvent) => {
        if (!opener?.isConnected && !content?.contains(target as Node)) remember(target);
      };
      stopListening();
      document.addEventListener("focusin", onFocusIn);
      stopListening = () => document.removeEventListener("focusin", onFocusIn);
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      stopListening();
      // Whoever closed it may have sent the focus elsewhere on purpose.
      if (document.activeElement === document.body && opener?.isConnected) opener.focus();
    },
  };
}

/**
 * Gives the focus back to where it was before a dialog opened. The primitive does so for a trigger of its own; ours are opened from anywhere.
 * Spread over the content.
 */
export function useFocusReturn() {
  return useState(createFocusReturn)[0];
}
