import fc from "fast-check";

// Whether a mutant is killed must not be a matter of luck.
fc.configureGlobal({ seed: 1 });
