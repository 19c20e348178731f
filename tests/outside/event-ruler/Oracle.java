import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.Ruler;

/** Answers whether AWS's Event Ruler matches: {"pattern": …, "event": …} on each line of the input. */
public class Oracle {
    public static void main(String[] args) throws Exception {
        ObjectMapper json = new ObjectMapper();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode asked = json.readTree(line);
            System.out.println(answer(asked.get("pattern").toString(), asked.get("event").toString()));
        }
    }

    private static String answer(String pattern, String event) {
        try {
            return String.valueOf(Ruler.matchesRule(event, pattern));
        } catch (Exception refused) {
            return "refused";
        }
    }
}
