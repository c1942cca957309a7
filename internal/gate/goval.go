package gate

import (
	"reflect"
)

// toGo makes a Go value of type target of an evaluated value: for a function's argument or for the result. What cannot be
// converted without loss is told by a reason.
func toGo(v value, t typ, target reflect.Type, subject string) (reflect.Value, string) {
	if v.state == isNil && (target.Kind() == reflect.Pointer || target.Kind() == reflect.Interface) {
		return reflect.Zero(target), ""
	}
	if v.state != seen {
		return reflect.Value{}, v.absent(subject)
	}
	if target.Kind() == reflect.Pointer {
		inner, why := toGo(v, t, target.Elem(), subject)
		if why != "" {
			return reflect.Value{}, why
		}
		p := reflect.New(target.Elem())
		p.Elem().Set(inner)
		return p, ""
	}
	if shapeOf(target) == anything {
		inner, why := toGo(v, t, natural(v, t), subject)
		return inner, why
	}
	if t.shape() == list && target.Kind() == reflect.Slice {
		out := reflect.MakeSlice(target, 0, len(v.items))
		if why := partly(v.items); why != "" {
			return out, why
		}
		for _, it := range v.items {
			e, why := toGo(it.value, *t.elem, target.Elem(), it.name)
			if why != "" {
				return out, why
			}
			out = reflect.Append(out, e)
		}
		return out, ""
	}
	return convert(v.v, target, subject)
}

// natural is the Go type of a value that is handed to a parameter of type any.
func natural(v value, t typ) reflect.Type {
	if t.shape() == anything || t.shape() == thing {
		return v.v.Type()
	}
	return t.t
}

func convert(v reflect.Value, target reflect.Type, subject string) (reflect.Value, string) {
	mismatch := subject + " does not fit " + target.String()
	if v.Type() == target {
		return v, ""
	}
	out := reflect.New(target).Elem()
	switch shapeOf(target) {
	case truth:
		out.SetBool(v.Bool())
	case text:
		out.SetString(v.String())
	case fraction:
		if !v.CanFloat() && !v.CanInt() && !v.CanUint() {
			return out, mismatch
		}
		out.SetFloat(toFloat(v))
	case whole:
		switch {
		case v.CanInt() && out.CanInt() && !out.OverflowInt(v.Int()):
			out.SetInt(v.Int())
		case v.CanUint() && out.CanUint() && !out.OverflowUint(v.Uint()):
			out.SetUint(v.Uint())
		case v.CanInt() && out.CanUint() && v.Int() >= 0 && !out.OverflowUint(uint64(v.Int())):
			out.SetUint(uint64(v.Int()))
		case v.CanUint() && out.CanInt() && v.Uint() < 1<<63 && !out.OverflowInt(int64(v.Uint())):
			out.SetInt(int64(v.Uint()))
		default:
			return out, mismatch
		}
	case thing:
		return record(v, target, subject)
	default:
		if !v.Type().AssignableTo(target) {
			return out, mismatch
		}
		out.Set(v)
	}
	return out, ""
}

// record fills a struct from a map that stands for it.
func record(v reflect.Value, target reflect.Type, subject string) (reflect.Value, string) {
	out := reflect.New(target).Elem()
	if v.Kind() != reflect.Map {
		return out, subject + " does not fit " + target.String()
	}
	fr := &frame{run: &run{budget: work}}
	for _, f := range fieldsOf(target) {
		e := v.MapIndex(reflect.ValueOf(f.name).Convert(v.Type().Key()))
		loaded := fr.load(e, f.typ, subject+"."+f.name)
		if !e.IsValid() || loaded.state != seen {
			continue
		}
		slot, err := out.FieldByIndexErr(f.index)
		if err != nil {
			continue
		}
		if g, why := toGo(loaded, f.typ, slot.Type(), subject+"."+f.name); why == "" {
			slot.Set(g)
		}
	}
	return out, ""
}

func (n *call) eval(fr *frame) value {
	args := make([]any, 0, len(n.args))
	for i, a := range n.args {
		g, why := toGo(fr.eval(a), a.about().typ, parameter(n.fn.Type, i), fr.subject(a))
		if why != "" {
			return unseen(why)
		}
		args = append(args, g.Interface())
	}
	result, why := n.fn.Call(fr.run.vars, args)
	if why != "" {
		return unseen(why)
	}
	return fr.load(reflect.ValueOf(result), n.typ, fr.subject(n))
}
