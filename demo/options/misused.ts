/** Wrong usage of `npm start`: one sentence for the person who typed it. */
export class Misused extends Error {}
