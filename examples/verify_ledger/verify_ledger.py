#!/usr/bin/env python3
"""Verifies an exported ledger, or one entry's proof, with nothing but Python's standard library.

    verify_ledger.py FOLDER [--key VKEY] [--since CHECKPOINT]
    verify_ledger.py FILE.tlog-proof ENTRY [--key VKEY]

FOLDER is any log laid out as tlog-tiles (https://c2sp.org/tlog-tiles): checkpoint, tile/<L>/<N>, tile/entries/<N>. Every entry is hashed, the tree made of
them, and held against every tile and against the signed checkpoint. --since takes a checkpoint kept earlier, and shows that nothing before it was changed.
ENTRY is a file with the entry's bytes. Without --key the folder's own keys.vkeys are believed, and the answer says so: it then shows that nothing was
damaged, not who wrote it.

The first word of the answer is GOOD, DAMAGED, UNSIGNED or FORK. The exit code is 0 when it is GOOD, 1 when it is not, 2 when it was not asked properly.

It was written from the public specifications, and shares nothing with the program that writes ledgers.
"""

import argparse
import base64
import binascii
import hashlib
import os
import struct
import sys

WIDTH = 256  # hashes in a full tile
ED25519 = 1  # the kind of signature, in signed notes
NOTE_BYTES_MAX = 1 << 20


class Bad(Exception):
    """What does not verify: the word to answer with, and why."""

    def __init__(self, word, why):
        super().__init__(why)
        self.word = word


# --- Hashes: RFC 9162, 2.1.1

def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The roots of the complete subtrees of all leaves so far, the largest first."""

    def __init__(self):
        self.size = 0
        self.peaks = []

    def add(self, leaf):
        carry, node = self.size, leaf
        while carry & 1:
            node = node_hash(self.peaks.pop(), node)
            carry >>= 1
        self.peaks.append(node)
        self.size += 1

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def included(index, size, leaf, path):
    """The root that a path leads to; None where the path has a wrong length: RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return None
    node, here, last = leaf, index, size - 1
    for beside in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            node = node_hash(beside, node)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            node = node_hash(node, beside)
        here, last = here >> 1, last >> 1
    return node if last == 0 else None


# --- Ed25519: RFC 8032, 5.1

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def plus(a, b):
    """Adds two points in extended coordinates."""
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    t = 2 * a[3] * b[3] * D % P
    z = 2 * a[2] * b[2] % P
    e, f, g, h = n - m, z - t, z + t, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    product = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            product = plus(product, point)
        point = plus(point, point)
        scalar >>= 1
    return product


def point_of(packed):
    """The point 32 bytes stand for; None when they stand for none."""
    number = int.from_bytes(packed, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(key, signature, text):
    if len(key) != 32 or len(signature) != 64:
        return False
    who, commitment, scalar = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if who is None or commitment is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    one, other = times(scalar, BASE), plus(commitment, times(challenge, who))
    return not (one[0] * other[2] - other[0] * one[2]) % P and not (one[1] * other[2] - other[1] * one[2]) % P


# --- Signed notes, keys, checkpoints: c2sp.org/signed-note, c2sp.org/tlog-checkpoint

def unbase64(text, what):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Bad("DAMAGED", f"{what} is not base64: {text!r}") from None


def read_key(line):
    """Name, id and public key of a vkey; None where it is of another kind than Ed25519, which may stand beside."""
    parts = line.split("+", 2)
    if len(parts) != 3 or not parts[0] or len(parts[1]) != 8:
        raise Bad("DAMAGED", f"this is no key: {line!r}; a key is name+id+base64")
    packed = unbase64(parts[2], "a key")
    if not packed or packed[0] != ED25519:
        return None
    number = hashlib.sha256(parts[0].encode() + b"\n" + packed).digest()[:4]
    if len(packed) != 33 or number.hex() != parts[1]:
        raise Bad("DAMAGED", f"the key of {parts[0]} does not match its id {parts[1]}")
    return parts[0], number, packed[1:]


def read_checkpoint(note, keys, what):
    """Origin, size and root of a checkpoint that one of the keys has signed."""
    if len(note) > NOTE_BYTES_MAX:
        raise Bad("DAMAGED", f"{what} is too long")
    try:
        text, _, signatures = note.decode().rpartition("\n\n")
    except UnicodeDecodeError:
        raise Bad("DAMAGED", f"{what} is not UTF-8") from None
    lines = text.split("\n")
    if not signatures.endswith("\n") or len(lines) < 3 or not all(lines) or any(ord(c) < 32 for c in text + signatures if c != "\n"):
        raise Bad("DAMAGED", f"{what} is no checkpoint: origin, size, root, an empty line, signatures")
    if not lines[1].isascii() or not lines[1].isdigit() or (lines[1][0] == "0" and lines[1] != "0"):
        raise Bad("DAMAGED", f"{what}: this is no size: {lines[1]!r}")
    root = unbase64(lines[2], f"the root in {what}")
    if len(root) != 32:
        raise Bad("DAMAGED", f"{what}: the root has {len(root)} bytes")
    good = 0
    for line in signatures.split("\n")[:-1]:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Bad("DAMAGED", f"{what}: this is no signature: {line!r}")
        packed = unbase64(parts[2], f"a signature in {what}")
        for name, number, key in keys:
            if (name, number) == (parts[1], packed[:4]):
                if not is_signed(key, packed[4:], (text + "\n").encode()):
                    raise Bad("UNSIGNED", f"{what}: the signature of {name} is not its signature of this text")
                good += 1
    if not good:
        raise Bad("UNSIGNED", f"{what} is signed by none of the {len(keys)} keys that are believed")
    return lines[0], int(lines[1]), root


# --- A folder of tiles: c2sp.org/tlog-tiles

def tile_path(level, number, width):
    parts = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        parts.insert(0, f"x{number % 1000:03}")
    if width < WIDTH:
        parts[-1] += ".p"
        parts.append(str(width))
    return os.path.join("tile", str(level), *parts)


def read_tile(folder, level, number, width):
    """A tile's bytes; of one that is not full, those of the full one serve too."""
    path = tile_path(level, number, width)
    for candidate in (path, tile_path(level, number, WIDTH)):
        full = os.path.join(folder, candidate)
        if os.path.exists(full):
            with open(full, "rb") as file:
                return file.read(), candidate
    raise Bad("DAMAGED", f"{path} is missing: entries from {number * WIDTH} on" if level == "entries" else f"{path} is missing")


def entries_of(folder, number, width):
    bundle, path = read_tile(folder, "entries", number, width)
    at, entries = 0, []
    while len(entries) < width:
        if at + 2 > len(bundle):
            raise Bad("DAMAGED", f"{path} ends before entry {number * WIDTH + len(entries)}, at byte {at}")
        length = struct.unpack_from(">H", bundle, at)[0]
        if at + 2 + length > len(bundle):
            raise Bad("DAMAGED", f"{path}: entry {number * WIDTH + len(entries)} at byte {at} goes beyond the end")
        entries.append(bundle[at + 2:at + 2 + length])
        at += 2 + length
    if at != len(bundle) and path == tile_path("entries", number, width):
        raise Bad("DAMAGED", f"{path} goes on behind its last entry, at byte {at}")
    return entries


class Tiles:
    """Collects the hashes of a level and holds each full tile against the folder; a full tile is one hash of the level above."""

    def __init__(self, folder, level):
        self.folder, self.level, self.number, self.hashes, self.above = folder, level, 0, [], None

    def add(self, node):
        self.hashes.append(node)
        if len(self.hashes) == WIDTH:
            self.check()
            self.above = self.above or Tiles(self.folder, self.level + 1)
            whole = Tree()
            for each in self.hashes:
                whole.add(each)
            self.above.add(whole.root())
            self.number, self.hashes = self.number + 1, []

    def end(self):
        if self.hashes:
            self.check()
        if self.above:
            self.above.end()

    def check(self):
        tile, path = read_tile(self.folder, self.level, self.number, len(self.hashes))
        for i, node in enumerate(self.hashes):
            if tile[i * 32:i * 32 + 32] != node:
                where = f"entry {self.number * WIDTH + i}" if self.level == 0 else f"hash {i}"
                raise Bad("DAMAGED", f"{path}: {where} hashes to {node.hex()}, the tile says {tile[i * 32:i * 32 + 32].hex() or 'nothing'}")
        if len(tile) != 32 * len(self.hashes) and path == tile_path(self.level, self.number, len(self.hashes)):
            raise Bad("DAMAGED", f"{path} has {len(tile)} bytes, expected were {32 * len(self.hashes)}")


def verify_folder(folder, keys, since):
    with open(os.path.join(folder, "checkpoint"), "rb") as file:
        origin, size, root = read_checkpoint(file.read(NOTE_BYTES_MAX + 1), keys, "the checkpoint")
    earlier = None
    if since:
        with open(since, "rb") as file:
            earlier = read_checkpoint(file.read(NOTE_BYTES_MAX + 1), keys, "the earlier checkpoint")
        if earlier[0] != origin:
            raise Bad("DAMAGED", f"the earlier checkpoint is of {earlier[0]}, this ledger is {origin}")
        if earlier[1] > size:
            raise Bad("FORK", f"the earlier checkpoint is of {earlier[1]} entries, this ledger has {size}: entries were taken away")
    tree, tiles = Tree(), Tiles(folder, 0)
    if earlier and earlier[1] == 0 and earlier[2] != tree.root():
        raise Bad("FORK", "the earlier checkpoint is of another empty tree")
    for number in range((size + WIDTH - 1) // WIDTH):
        for entry in entries_of(folder, number, min(WIDTH, size - number * WIDTH)):
            leaf = leaf_hash(entry)
            tree.add(leaf)
            tiles.add(leaf)
            if earlier and tree.size == earlier[1] and tree.root() != earlier[2]:
                raise Bad("FORK", f"the first {earlier[1]} entries have the root {tree.root().hex()}, an earlier checkpoint said {earlier[2].hex()}")
    tiles.end()
    if tree.root() != root:
        raise Bad("DAMAGED", f"the {size} entries have the root {tree.root().hex()}, the checkpoint says {root.hex()}")
    return f"{origin}: {size} entries, root {root.hex()}" + (f"; they begin with the {earlier[1]} of the earlier checkpoint" if earlier else "")


# --- One entry's proof: c2sp.org/tlog-proof

def verify_proof(file, entry_file, keys):
    with open(file, "rb") as proof:
        head, _, checkpoint = proof.read(NOTE_BYTES_MAX).partition(b"\n\n")
    lines = head.decode(errors="replace").split("\n")
    if lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Bad("DAMAGED", "this is no tlog-proof@v1")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    if not lines or not lines[0].startswith("index ") or not (lines[0].isascii() and lines[0][6:].isdigit()):
        raise Bad("DAMAGED", "the proof names no index")
    index, path = int(lines[0][6:]), [unbase64(line, "a hash of the proof") for line in lines[1:]]
    origin, size, root = read_checkpoint(checkpoint, keys, "the proof's checkpoint")
    with open(entry_file, "rb") as entry:
        leaf = leaf_hash(entry.read())
    if any(len(each) != 32 for each in path) or included(index, size, leaf, path) != root:
        raise Bad("DAMAGED", f"the entry is not entry {index} of the {size} of {origin}")
    return f"{origin}: this is entry {index} of {size}, root {root.hex()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", metavar="FOLDER|PROOF")
    parser.add_argument("entry", nargs="?", metavar="ENTRY")
    parser.add_argument("--key", action="append", default=[], metavar="VKEY", help="a key you believe; may be given more than once")
    parser.add_argument("--since", metavar="CHECKPOINT", help="a checkpoint you kept earlier")
    asked = parser.parse_args()
    is_folder = os.path.isdir(asked.what)
    if is_folder == bool(asked.entry) or (asked.since and not is_folder):
        parser.error("name a folder, or a proof and the file with its entry")
    try:
        lines, believed = asked.key, ""
        if not lines:
            own = os.path.join(asked.what if is_folder else os.path.dirname(asked.what), "keys.vkeys")
            with open(own, encoding="utf-8") as file:
                lines = [line for line in file.read().split("\n") if line]
            believed = " (signed by the ledger's own keys: give --key to know whose)"
        keys = [key for key in map(read_key, lines) if key]
        said = verify_folder(asked.what, keys, asked.since) if is_folder else verify_proof(asked.what, asked.entry, keys)
        print(f"GOOD {said}{believed}")
        return 0
    except Bad as bad:
        print(f"{bad.word} {bad}")
        return 1
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")


if __name__ == "__main__":
    sys.exit(main())
