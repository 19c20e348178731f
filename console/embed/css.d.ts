/** A stylesheet as text, as the bundler gives it. */
declare module '*.css?inline' {
  const text: string;
  export default text;
}
