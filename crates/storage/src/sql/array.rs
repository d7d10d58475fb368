//! Arrays of PostgreSQL: columns of rows, and lists.
//!
//! The rule: a column travels as it is, in binary, which the server reads without parsing; one with a null travels as text,
//! `{"a","b",NULL}`, because only text carries nulls here. In text every element is quoted and escaped, whatever its type,
//! so that no value can end its element. A list has no null, and the planner sees its values, as it does not see what a
//! cast makes of text.

use std::fmt::Write;

use sea_orm::{Value, sea_query::ArrayType};

/// A column as one value, and the casts that give it its type. They differ for the two ways in which it travels: the driver
/// keeps prepared statements by their text, with the types of their parameters.
#[derive(Debug, PartialEq)]
pub(super) struct Array {
    pub(super) value: Value,
    pub(super) casts: [&'static str; 2],
}

/// Makes an array of values of one type, each of them possibly null.
///
/// # Errors
/// There is no value, they have different types, or a type that no column has.
pub(super) fn to_column(values: Vec<Value>) -> Result<Array, String> {
    let (null, array_type, cast) = find_type(&values)?;
    if values.contains(&null) {
        return Ok(Array {
            value: write_array(&values).into(),
            casts: ["::text", cast],
        });
    }
    Ok(Array {
        value: Value::Array(array_type, Some(Box::new(values))),
        casts: ["", cast],
    })
}

/// The list as one value, and the cast that names its type.
///
/// # Errors
/// There is no value, one is null, they have different types, or a type that no column has.
pub(super) fn to_array_value(list: Vec<Value>) -> Result<(Value, &'static str), String> {
    let (null, array_type, cast) = find_type(&list)?;
    if list.contains(&null) {
        return Err("a value of a list is null".to_owned());
    }
    Ok((Value::Array(array_type, Some(Box::new(list))), cast))
}

/// The type of all values, and its null.
fn find_type(values: &[Value]) -> Result<(Value, ArrayType, &'static str), String> {
    let first = values.first().ok_or("a list is empty")?;
    let (array_type, cast) = type_of(first)?;
    for value in values {
        if type_of(value)?.1 != cast {
            return Err("the values of a list have different types".to_owned());
        }
    }
    Ok((first.as_null(), array_type, cast))
}

fn type_of(value: &Value) -> Result<(ArrayType, &'static str), String> {
    match value {
        Value::Bool(_) => Ok((ArrayType::Bool, "::boolean[]")),
        Value::Int(_) => Ok((ArrayType::Int, "::integer[]")),
        Value::BigInt(_) => Ok((ArrayType::BigInt, "::bigint[]")),
        Value::String(_) => Ok((ArrayType::String, "::text[]")),
        Value::Bytes(_) => Ok((ArrayType::Bytes, "::bytea[]")),
        Value::Uuid(_) => Ok((ArrayType::Uuid, "::uuid[]")),
        _ => Err("a list has values of a type that no column has".to_owned()),
    }
}

fn write_array(values: &[Value]) -> String {
    let mut text = String::with_capacity(values.len() * 24);
    for (n, value) in values.iter().enumerate() {
        text.push(if n == 0 { '{' } else { ',' });
        write_element(value, &mut text);
    }
    text.push('}');
    text
}

fn write_element(value: &Value, text: &mut String) {
    // Writing to a String cannot fail.
    let _ = match value {
        Value::Bool(Some(it)) => write!(text, "{it}"),
        Value::Int(Some(it)) => write!(text, "{it}"),
        Value::BigInt(Some(it)) => write!(text, "{it}"),
        Value::Uuid(Some(it)) => write!(text, "{it}"),
        Value::String(Some(it)) => {
            write_quoted(it, text);
            Ok(())
        }
        Value::Bytes(Some(it)) => {
            write_hex(it, text);
            Ok(())
        }
        _ => write!(text, "NULL"),
    };
}

fn write_quoted(it: &str, text: &mut String) {
    text.push('"');
    if it.contains(['"', '\\']) {
        text.push_str(&it.replace('\\', r"\\").replace('"', "\\\""));
    } else {
        text.push_str(it);
    }
    text.push('"');
}

/// Writes `"\\x0aff"`: the array's reader takes one of the two backslashes, that of bytes the other.
fn write_hex(bytes: &[u8], text: &mut String) {
    text.push_str("\"\\\\x");
    text.push_str(&hex::encode(bytes));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_array(values: &[Value]) -> Result<(Value, [&'static str; 2]), String> {
        to_column(values.to_vec()).map(|it| (it.value, it.casts))
    }

    #[test]
    fn a_column_without_nulls_stays_as_it_is() {
        let values = [Value::from("a"), "b".into()];
        let (value, casts) = to_array(&values).unwrap();
        let expected = Value::Array(ArrayType::String, Some(Box::new(values.to_vec())));
        assert_eq!((value, casts), (expected, ["", "::text[]"]));
    }

    #[test]
    fn each_type_has_its_text_and_nulls_stay_null() {
        let cases: [(&[Value], &str, &str); 4] = [
            (
                &["a".into(), Value::String(None)],
                r#"{"a",NULL}"#,
                "::text[]",
            ),
            (
                &[(-1_i64).into(), Value::BigInt(None)],
                "{-1,NULL}",
                "::bigint[]",
            ),
            (
                &[Value::Bool(None), false.into()],
                "{NULL,false}",
                "::boolean[]",
            ),
            (
                &[vec![0_u8, 171].into(), Value::Bytes(None)],
                r#"{"\\x00ab",NULL}"#,
                "::bytea[]",
            ),
        ];
        for (values, text, cast) in cases {
            assert_eq!(to_array(values), Ok((text.into(), ["::text", cast])));
        }
    }

    #[test]
    fn no_text_ends_its_element() {
        let hostile = r#"a","b\},NULL{"#;
        let values = [
            hostile.into(),
            "NULL".into(),
            "".into(),
            Value::String(None),
        ];
        let text = r#"{"a\",\"b\\},NULL{","NULL","",NULL}"#;
        assert_eq!(to_array(&values).unwrap().0, text.into());
    }

    #[test]
    fn no_values_and_mixed_values_are_refused() {
        assert!(to_array(&[]).is_err());
        assert!(to_array(&["a".into(), 1_i64.into()]).is_err());
        assert!(to_array(&[Value::String(None), 1_i64.into()]).is_err());
        assert!(to_array(&[1.5_f64.into()]).is_err());
    }

    #[test]
    fn a_list_is_of_one_type_and_has_no_null() {
        assert_eq!(to_array_value(vec!["a".into()]).unwrap().1, "::text[]");
        for refused in [
            [].as_slice(),
            &["a".into(), 1_i64.into()],
            &["a".into(), Value::String(None)],
            &[1.5_f64.into()],
        ] {
            assert!(to_array_value(refused.to_vec()).is_err(), "{refused:?}");
        }
    }
}
