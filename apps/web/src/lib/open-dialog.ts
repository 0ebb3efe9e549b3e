const dialogs = "[role='dialog']:not([data-state='closed']), [role='alertdialog']:not([data-state='closed'])";

/** Whether a dialog or popover is open. One that fades out is closed: keys already belong to the page behind it. */
export const isDialogOpen = (): boolean => document.querySelector(dialogs) !== null;
