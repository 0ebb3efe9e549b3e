/** A colour that a program of the project asked for, in its output: the one kind that is no token of ours. */
export const programColour = (red: number, green: number, blue: number): string => `rgb(${red} ${green} ${blue})`;
