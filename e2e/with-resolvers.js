// Packages of libp2p use `Promise.withResolvers`, which Node has from version 22 on. Import this first.

Promise.withResolvers ??= function withResolvers() {
  const parts = {};
  parts.promise = new this((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};
