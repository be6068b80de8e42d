//! An assembler for the kernel's BPF machine, with labels for jumps.
//!
//! It has the few instructions that `program` needs, named as in
//! `Documentation/bpf/standardization/instruction-set.rst` of the Linux sources. Comparisons and arithmetic use 32
//! bits (`JMP32`, Linux 5.1): an address is a 32-bit number, and a 64-bit operation would sign-extend an immediate
//! value.

/// One instruction in the kernel's form (`struct bpf_insn`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Instruction {
    /// The operation.
    pub(super) opcode: u8,
    /// The destination and the source register, four bits each.
    pub(super) registers: u8,
    /// A memory offset, or a jump offset in instructions from the next one.
    pub(super) offset: i16,
    /// An immediate value.
    pub(super) immediate: i32,
}

/// A register. `r0` is a result; `r1` to `r5` are arguments of a call and lost by it; `r6` to `r9` are preserved;
/// `r10` is the end of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Register(pub(super) u8);

/// A position in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label(usize);

/// The right operand of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operand {
    /// The lower half of a register.
    Register(Register),
    /// An immediate value.
    Value(u32),
}

/// Loads 64 bits that the kernel substitutes for the descriptor of a map; it takes two instructions.
pub(super) const LOAD_MAP: u8 = 0x18;
/// `LOAD_MAP` of the map itself.
pub(super) const MAP: u8 = 1;
/// `LOAD_MAP` of the address of the first value in an array map (Linux 5.2).
pub(super) const MAP_VALUE: u8 = 2;
/// Loads 32 bits from memory.
pub(super) const LOAD: u8 = 0x61;
/// Stores a 32-bit immediate value.
pub(super) const STORE: u8 = 0x62;
/// Copies a register.
pub(super) const COPY: u8 = 0xbf;
/// Sets a register.
pub(super) const SET: u8 = 0xb7;
/// Adds an immediate value to a 64-bit register.
pub(super) const ADD: u8 = 0x07;
/// Masks a 32-bit register.
pub(super) const AND: u8 = 0x54;
/// Jumps.
pub(super) const GO: u8 = 0x05;
/// Jumps if the lower half of a register equals an immediate value.
pub(super) const IF_EQUAL: u8 = 0x16;
/// Jumps if it differs.
pub(super) const IF_NOT_EQUAL: u8 = 0x56;
/// Jumps if all 64 bits of a register are 0: a null pointer.
pub(super) const IF_NULL: u8 = 0x15;
/// Modifies a comparison to use a register.
pub(super) const WITH_REGISTER: u8 = 0x08;
/// Calls a kernel function.
pub(super) const CALL: u8 = 0x85;
/// Ends the program with `r0`.
pub(super) const EXIT: u8 = 0x95;

/// Collects instructions and resolves labels.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    code: Vec<Instruction>,
    /// The jumps to labels.
    jumps: Vec<(usize, Label)>,
    /// The position of each label.
    places: Vec<Option<usize>>,
}

impl Assembler {
    /// Creates a label without a position.
    pub(super) fn label(&mut self) -> Label {
        self.places.push(None);
        Label(self.places.len() - 1)
    }

    /// Sets `label` to the next instruction.
    pub(super) fn place(&mut self, label: Label) {
        if let Some(place) = self.places.get_mut(label.0) {
            *place = Some(self.code.len());
        }
    }

    /// `target = 32 bits at base + offset`.
    pub(super) fn load(&mut self, target: Register, base: Register, offset: i16) {
        self.push(LOAD, target, base, offset, 0);
    }

    /// `32 bits at base + offset = value`.
    pub(super) fn store(&mut self, base: Register, offset: i16, value: i32) {
        self.push(STORE, base, Register(0), offset, value);
    }

    /// `target = source`.
    pub(super) fn copy(&mut self, target: Register, source: Register) {
        self.push(COPY, target, source, 0, 0);
    }

    /// `target = value`.
    pub(super) fn set(&mut self, target: Register, value: i32) {
        self.push(SET, target, Register(0), 0, value);
    }

    /// `target += value`.
    pub(super) fn add(&mut self, target: Register, value: i32) {
        self.push(ADD, target, Register(0), 0, value);
    }

    /// `target &= mask`.
    pub(super) fn and(&mut self, target: Register, mask: u32) {
        self.push(AND, target, Register(0), 0, mask.cast_signed());
    }

    /// `target =` the map of `descriptor` ([`MAP`]) or the address of its value ([`MAP_VALUE`]).
    pub(super) fn load_map(&mut self, target: Register, kind: u8, descriptor: i32) {
        self.push(LOAD_MAP, target, Register(kind), 0, descriptor);
        // The second half: the offset in the value.
        self.push(0, Register(0), Register(0), 0, 0);
    }

    /// Calls a kernel function by its number (`enum bpf_func_id`).
    pub(super) fn call(&mut self, function: i32) {
        self.push(CALL, Register(0), Register(0), 0, function);
    }

    /// Ends the program.
    pub(super) fn exit(&mut self) {
        self.push(EXIT, Register(0), Register(0), 0, 0);
    }

    /// Jumps to `label`.
    pub(super) fn go(&mut self, label: Label) {
        self.jump(GO, Register(0), Operand::Value(0), label);
    }

    /// Jumps to `label` if `register` equals `operand`.
    pub(super) fn if_equal(&mut self, register: Register, operand: Operand, label: Label) {
        self.jump(IF_EQUAL, register, operand, label);
    }

    /// Jumps to `label` if `register` differs from `operand`.
    pub(super) fn if_not_equal(&mut self, register: Register, operand: Operand, label: Label) {
        self.jump(IF_NOT_EQUAL, register, operand, label);
    }

    /// Jumps to `label` if `register` is null.
    pub(super) fn if_null(&mut self, register: Register, label: Label) {
        self.jump(IF_NULL, register, Operand::Value(0), label);
    }

    /// The program; `None` if a label has no position, or is too far away for a jump.
    pub(super) fn finish(mut self) -> Option<Vec<Instruction>> {
        for (from, label) in self.jumps {
            let to = (*self.places.get(label.0)?)?;
            let distance = i64::try_from(to).ok()? - i64::try_from(from).ok()? - 1;
            self.code.get_mut(from)?.offset = i16::try_from(distance).ok()?;
        }
        Some(self.code)
    }

    fn jump(&mut self, opcode: u8, register: Register, operand: Operand, label: Label) {
        self.jumps.push((self.code.len(), label));
        match operand {
            Operand::Register(other) => self.push(opcode | WITH_REGISTER, register, other, 0, 0),
            Operand::Value(value) => self.push(opcode, register, Register(0), 0, value.cast_signed()),
        }
    }

    fn push(&mut self, opcode: u8, target: Register, source: Register, offset: i16, immediate: i32) {
        // Two C bit fields, whose order depends on the byte order of the machine.
        let registers =
            if cfg!(target_endian = "little") { source.0 << 4 | target.0 } else { target.0 << 4 | source.0 };
        self.code.push(Instruction { opcode, registers, offset, immediate });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_are_counted_from_the_next_instruction() {
        let mut assembler = Assembler::default();
        let (start, end) = (assembler.label(), assembler.label());
        assembler.place(start);
        assembler.if_equal(Register(1), Operand::Value(u32::MAX), end);
        assembler.go(start);
        assembler.place(end);
        assembler.exit();
        let code = assembler.finish().unwrap();
        assert_eq!(code.iter().map(|one| one.offset).collect::<Vec<_>>(), [1, -2, 0]);
        assert_eq!(code[0].immediate, -1);
    }

    #[test]
    fn a_label_needs_a_place_within_reach() {
        let mut assembler = Assembler::default();
        let nowhere = assembler.label();
        assembler.go(nowhere);
        assert_eq!(assembler.finish(), None);
        let mut assembler = Assembler::default();
        let far = assembler.label();
        assembler.go(far);
        (0..40_000).for_each(|_| assembler.exit());
        assembler.place(far);
        assert_eq!(assembler.finish(), None);
    }
}
