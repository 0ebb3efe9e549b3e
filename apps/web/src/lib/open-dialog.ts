const dialogs = "[role='dialog']:not([data-state='closed']), [role='alertdialog']:not([data-state='closed'])";

/** Whether a dialog or popover is open. One that fades out is closed: keys already belong to the page behind it. */
export const isDialogOpen = (): boolean => document.querySelector(dialogs) !== null;

const popups = `${dialogs}, [role='menu']:not([data-state='closed']), [role='listbox']:not([data-state='closed'])`;
/** Whether the focus is in an open dialog, popover or menu, which may close when it loses the focus. */
export const isPopupFocused = (): boolean => Boolean(document.activeElement?.closest(popups));
