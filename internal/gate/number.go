package gate

import (
	"cmp"
	"math"
	"math/big"
	"reflect"
)

// compareNumbers compares two numbers of any Go types exactly: no integer is rounded to a float. Neither is NaN.
func compareNumbers(a, b reflect.Value) int {
	switch {
	case a.CanInt() && b.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint() && b.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat() && b.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	return exact(a).Cmp(exact(b))
}

func exact(v reflect.Value) *big.Float {
	switch {
	case v.CanInt():
		return new(big.Float).SetInt64(v.Int())
	case v.CanUint():
		return new(big.Float).SetUint64(v.Uint())
	}
	return new(big.Float).SetFloat64(v.Float())
}

func toFloat(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Float()
}

func toBig(v reflect.Value) *big.Int {
	if v.CanUint() {
		return new(big.Int).SetUint64(v.Uint())
	}
	return big.NewInt(v.Int())
}

func toInt(v reflect.Value) (int64, bool) {
	if v.CanInt() {
		return v.Int(), true
	}
	if v.CanUint() && v.Uint() <= math.MaxInt64 {
		return int64(v.Uint()), true
	}
	return 0, false
}

// maxText bounds the texts that + makes, bytes.
const maxText = 64 << 10

func (n *arithmetic) eval(fr *frame) value {
	l, r := fr.eval(n.l), fr.eval(n.r)
	if l.state != seen {
		return unseen(l.absent(fr.subject(n.l)))
	}
	if r.state != seen {
		return unseen(r.absent(fr.subject(n.r)))
	}
	if l.v.Kind() == reflect.String {
		if l.v.Len()+r.v.Len() > maxText {
			return unseen(fr.subject(n) + " is longer than 64 KiB")
		}
		return some(l.v.String() + r.v.String())
	}
	if (n.op == "/" || n.op == "%") && toFloat(r.v) == 0 {
		return unseen(fr.subject(n) + " divides by zero")
	}
	if n.typ.shape() == whole {
		return fr.integer(n, toBig(l.v), toBig(r.v), n.op)
	}
	a, b := toFloat(l.v), toFloat(r.v)
	switch n.op {
	case "+":
		a += b
	case "-":
		a -= b
	case "*":
		a *= b
	case "/":
		a /= b
	default:
		a = math.Pow(a, b)
	}
	if math.IsNaN(a) || math.IsInf(a, 0) {
		return unseen(fr.subject(n) + " is not a number")
	}
	return some(a)
}

func (fr *frame) integer(n node, a, b *big.Int, op string) value {
	switch op {
	case "+":
		a.Add(a, b)
	case "-":
		a.Sub(a, b)
	case "*":
		a.Mul(a, b)
	default:
		a.Rem(a, b)
	}
	if !a.IsInt64() || int64(int(a.Int64())) != a.Int64() {
		return unseen(fr.subject(n) + " does not fit 64 bits")
	}
	return some(int(a.Int64()))
}

func (n *minus) eval(fr *frame) value {
	of := fr.eval(n.of)
	if of.state != seen {
		return unseen(of.absent(fr.subject(n.of)))
	}
	if of.v.CanFloat() {
		return some(-of.v.Float())
	}
	return fr.integer(n, new(big.Int), toBig(of.v), "-")
}
