using System.Buffers.Binary;
using System.Text;
using Flip.Data.TfRecords;
using Google.Protobuf;

namespace Flip.Tests.Data.TfRecords;

/// <summary>Writes TFRecord files and the examples in them, the messages by Google's library.</summary>
internal static class TfRecordBytes
{
    /// <summary>A file of records.</summary>
    public static byte[] File(params IEnumerable<byte[]> records) => [.. records.SelectMany(Framed)];

    /// <summary>A record with its header and checksums.</summary>
    public static byte[] Framed(byte[] data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
        return [.. length, .. Checksum(length), .. data, .. Checksum(data)];
    }

    /// <summary>An example with features: byte[], byte[][], string, string[], long, long[] or float[].</summary>
    public static byte[] Example(params (string Name, object Values)[] features)
    {
        var entries = Message(output =>
        {
            foreach (var (name, values) in features)
            {
                Field(output, 1, Message(entry =>
                {
                    Field(entry, 1, Encoding.UTF8.GetBytes(name));
                    Field(entry, 2, Feature(values));
                }));
            }
        });
        return Message(output => Field(output, 1, entries));
    }

    /// <summary>What official FLIP's pipeline reads.</summary>
    public static byte[] Pair(byte[] image, string caption, long key = 0, int width = 8, int height = 8) =>
        Example(("jpg", image), ("txt", caption), ("key", key), ("width", (long)width), ("height", (long)height));

    private static byte[] Feature(object values) => values switch
    {
        byte[] file => Feature(new[] { file }),
        string text => Feature(new[] { Encoding.UTF8.GetBytes(text) }),
        string[] texts => Feature(Array.ConvertAll(texts, Encoding.UTF8.GetBytes)),
        byte[][] files => Message(output => Field(output, 1, Message(list => Array.ForEach(files, file => Field(list, 1, file))))),
        long number => Feature(new[] { number }),
        long[] numbers => Message(output => Field(output, 3, Message(list => Field(list, 1, Message(packed => Array.ForEach(numbers, packed.WriteInt64)))))),
        float[] numbers => Message(output => Field(output, 2, Message(list => Field(list, 1, Message(packed => Array.ForEach(numbers, packed.WriteFloat)))))),
        _ => throw new ArgumentException($"{values.GetType()} is no feature.", nameof(values)),
    };

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            write(output);
        }

        return bytes.ToArray();
    }

    private static void Field(CodedOutputStream output, int number, byte[] value)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(value));
    }

    private static byte[] Checksum(byte[] bytes)
    {
        var checksum = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(checksum, MaskedCrc32C.Of(bytes));
        return checksum;
    }
}
