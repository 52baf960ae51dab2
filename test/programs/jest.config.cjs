/** For the test that runs Jest. Its programs are not named *.test.*, so that Vitest leaves them alone. */
module.exports = {
  rootDir: __dirname,
  testMatch: ["**/fake-timers.jest.cjs"],
  testEnvironment: "node",
  transform: {},
  testTimeout: 5_000,
  cache: false,
};
