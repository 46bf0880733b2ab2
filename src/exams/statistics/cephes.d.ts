/** The package ships types that its export map hides; these are the functions we use. */
declare module 'cephes' {
  const cephes: {
    readonly compiled: Promise<void>;
    lgam(x: number): number;
    incbet(a: number, b: number, x: number): number;
    incbi(a: number, b: number, y: number): number;
    ndtri(y: number): number;
    stdtri(k: number, p: number): number;
  };
  export default cephes;
}
