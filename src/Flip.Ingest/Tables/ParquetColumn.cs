using Parquet.Data;
using Parquet.Schema;

namespace Flip.Ingest.Tables;

/// <summary>A column of Parquet: a value a row, or a list a row.</summary>
/// <param name="Name">Its name; parts of structures have dots between theirs.</param>
/// <param name="Field">Where its values are.</param>
internal sealed record ParquetColumn(string Name, DataField Field)
{
    /// <summary>Values of a column in a group, at most: each takes 16 bytes before any is read.</summary>
    public const int MostValues = 1 << 26;

    /// <summary>The columns of a schema, and the names of those that are not read: maps, lists of structures and lists of lists.</summary>
    public static (IReadOnlyList<ParquetColumn> Read, IReadOnlyList<string> Other) Of(ParquetSchema schema)
    {
        var (read, other) = (new List<ParquetColumn>(), new List<string>());
        void Add(Field field, string prefix)
        {
            var name = prefix + field.Name;
            switch (field)
            {
                case DataField data:
                    read.Add(new ParquetColumn(name, data));
                    break;
                case ListField { Item: DataField item }:
                    read.Add(new ParquetColumn(name, item));
                    break;
                case StructField structure:
                    foreach (var inner in structure.Fields)
                    {
                        Add(inner, name + ".");
                    }

                    break;
                default:
                    other.Add(name);
                    break;
            }
        }

        foreach (var field in schema.Fields)
        {
            Add(field, "");
        }

        return (read.FindAll(column => column.Field.MaxRepetitionLevel <= 1), [.. other, .. read.Where(column => column.Field.MaxRepetitionLevel > 1).Select(column => column.Name)]);
    }

    /// <summary>How a value of a row is got from a group's data.</summary>
    /// <param name="data">The column's data.</param>
    /// <param name="rows">Rows of the group.</param>
    /// <exception cref="InvalidDataException">The data has another number of rows.</exception>
    public Func<int, object?> Values(RawColumnData data, int rows)
    {
        var value = Getter(data, out var count);
        if (Field.MaxRepetitionLevel == 0 && Field.MaxDefinitionLevel == 0)
        {
            return count == rows ? value : throw Other(count, rows);
        }

        // Row r has the values first[r] to first[r + 1].
        var first = new int[rows + 1];
        var (row, next) = (-1, 0);
        var definitions = data.DefinitionLevels;
        var repetitions = Field.MaxRepetitionLevel > 0 ? data.RepetitionLevels : default;
        for (var i = 0; i < definitions.Length; i++)
        {
            if (Field.MaxRepetitionLevel == 0 || repetitions[i] == 0)
            {
                first[++row < rows ? row : throw Other(row + 1, rows)] = next;
            }

            next += definitions[i] == Field.MaxDefinitionLevel ? 1 : 0;
        }

        first[rows] = row == rows - 1 && next <= count ? next : throw Other(row + 1, rows);
        return Field.MaxRepetitionLevel == 0
            ? at => first[at] < first[at + 1] ? value(first[at]) : null
            : at => Enumerable.Range(first[at], first[at + 1] - first[at]).Select(value).ToArray();
    }

    private InvalidDataException Other(int count, int rows) => new(FormattableString.Invariant($"the column '{Name}' has {count} values for {rows} rows"));

    private static Func<int, object?> Getter(RawColumnData data, out int count)
    {
        switch (data)
        {
            case RawColumnData<ReadOnlyMemory<char>> text:
                count = text.Values.Length;
                return i => text.Values[i].ToString();
            case RawColumnData<ReadOnlyMemory<byte>> bytes:
                count = bytes.Values.Length;
                return i => bytes.Values[i].ToArray();
            case RawColumnData<int> numbers:
                return Plain(numbers, out count);
            case RawColumnData<long> numbers:
                return Plain(numbers, out count);
            case RawColumnData<float> numbers:
                return Plain(numbers, out count);
            case RawColumnData<double> numbers:
                return Plain(numbers, out count);
            case RawColumnData<bool> truths:
                return Plain(truths, out count);
            case RawColumnData<sbyte> numbers:
                return Plain(numbers, out count);
            case RawColumnData<byte> numbers:
                return Plain(numbers, out count);
            case RawColumnData<short> numbers:
                return Plain(numbers, out count);
            case RawColumnData<ushort> numbers:
                return Plain(numbers, out count);
            case RawColumnData<uint> numbers:
                return Plain(numbers, out count);
            case RawColumnData<ulong> numbers:
                return Plain(numbers, out count);
            case RawColumnData<decimal> numbers:
                return Plain(numbers, out count);
            case RawColumnData<DateTime> times:
                return Plain(times, out count);
            case RawColumnData<DateOnly> dates:
                return Plain(dates, out count);
            case RawColumnData<Guid> ids:
                return Plain(ids, out count);
            default:
                throw new InvalidDataException($"a column of {data.GetType().GetGenericArguments().FirstOrDefault()?.Name ?? "an unknown type"} is not read");
        }
    }

    private static Func<int, object?> Plain<T>(RawColumnData<T> data, out int count)
        where T : struct
    {
        count = data.Values.Length;
        return i => data.Values[i];
    }
}
