// A sealed copy of what is being written, on this device, for as long as the server does not have it.
// AES-GCM; the key comes from a secret that the server gives only to this account, so a copy that is
// left behind opens for nobody else. It lies in IndexedDB and is removed once the server has the text.

const NAME = "notes-on-this-device";
const STORE = "copies";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const step = database.transaction(STORE, mode);
      const request = work(step.objectStore(STORE));
      step.oncomplete = () => resolve(request.result);
      step.onerror = () => reject(step.error);
    });
  } finally {
    database.close();
  }
}

async function makeKey(secret) {
  const bytes = new TextEncoder().encode(secret);
  const material = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: new TextEncoder().encode("note") };
  return crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

export async function makeDeviceCopy(noteId, secret) {
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB) return null;
  const key = await makeKey(secret);
  const about = new TextEncoder().encode(noteId);
  return {
    async keep(value) {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const plain = new TextEncoder().encode(JSON.stringify(value));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: about }, key, plain);
      await inStore("readwrite", (store) => store.put({ iv, sealed }, noteId));
    },
    async read() {
      const found = await inStore("readonly", (store) => store.get(noteId));
      if (!found) return null;
      try {
        const cipher = { name: "AES-GCM", iv: found.iv, additionalData: about };
        const plain = await crypto.subtle.decrypt(cipher, key, found.sealed);
        return JSON.parse(new TextDecoder().decode(plain));
      } catch {
        return null; // sealed by another account: not ours to open or to remove
      }
    },
    async forget() {
      await inStore("readwrite", (store) => store.delete(noteId));
    },
  };
}
